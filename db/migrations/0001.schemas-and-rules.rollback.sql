drop table shop.settings;
drop function shop.refuse_change();
drop function shop.touch();
drop procedure shop.protect(variadic regclass[]);
drop function shop.current_user_id();
revoke usage on schema shop from anon, customer;
alter default privileges grant execute on functions to public;
comment on schema auth is null;
comment on schema shop is null;
