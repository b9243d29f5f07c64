create view api.settings with (security_invoker, security_barrier) as
select is_only_row, shop_name, currency, reservation_minutes, guest_days, capture_method from shop.settings;
comment on view api.settings is $$The shop's name and currency
One row, which admins change.$$;
comment on column api.settings.is_only_row is 'Always true.';
comment on column api.settings.shop_name is 'The name that customers read.';
comment on column api.settings.currency is 'ISO 4217 code of every price.';
comment on column api.settings.reservation_minutes is 'How long an unpaid order holds its stock, in minutes.';
comment on column api.settings.guest_days is 'After how many days a guest without orders is forgotten.';
comment on column api.settings.capture_method is 'automatic: money is taken at once; manual: it is authorised, and staff takes it by capture_payment.';
grant select on api.settings to anon, customer;
grant update (shop_name, reservation_minutes, guest_days, capture_method) on api.settings to admin;
