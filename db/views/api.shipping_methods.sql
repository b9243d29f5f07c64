create view api.shipping_methods with (security_invoker) as
select id, code, name, price, is_default, is_active from shop.shipping_methods;
comment on view api.shipping_methods is $$Ways of delivery
With their flat price; admins set them.$$;
comment on column api.shipping_methods.id is 'Key.';
comment on column api.shipping_methods.code is 'Short name, unique.';
comment on column api.shipping_methods.name is 'Name.';
comment on column api.shipping_methods.price is 'Price in the shop''s currency.';
comment on column api.shipping_methods.is_default is 'The one that checkout takes.';
comment on column api.shipping_methods.is_active is 'Whether customers see it and checkout may take it.';
grant select on api.shipping_methods to anon, customer;
grant insert (code, name, price, is_default, is_active), update (code, name, price, is_default, is_active), delete
  on api.shipping_methods to admin;
