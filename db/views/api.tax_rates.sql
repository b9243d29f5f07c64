create view api.tax_rates with (security_invoker) as
select id, name, rate, is_default from shop.tax_rates;
comment on view api.tax_rates is $$Tax rates
Added to the goods of an order; admins set them.$$;
comment on column api.tax_rates.id is 'Key.';
comment on column api.tax_rates.name is 'Name.';
comment on column api.tax_rates.rate is 'A fraction: 0.2 is 20 %.';
comment on column api.tax_rates.is_default is 'The one that checkout takes.';
grant select on api.tax_rates to anon, customer;
grant insert (name, rate, is_default), update (name, rate, is_default), delete on api.tax_rates to admin;
