create view api.shipping_methods with (security_invoker) as
select id, code, name, price, is_default from shop.shipping_methods where is_active;
comment on view api.shipping_methods is $$Ways of delivery
With their flat price.$$;
comment on column api.shipping_methods.id is 'Key.';
comment on column api.shipping_methods.code is 'Short name, unique.';
comment on column api.shipping_methods.name is 'Name.';
comment on column api.shipping_methods.price is 'Price in the shop''s currency.';
comment on column api.shipping_methods.is_default is 'The one that checkout takes.';
grant select on api.shipping_methods to anon, customer;
