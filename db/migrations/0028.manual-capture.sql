-- Shops that look at an order before they take its money: a card is authorised at checkout and captured by staff.
-- depends: 0027.shipments

alter table shop.settings
  add column capture_method text not null default 'automatic',
  -- squawk-ignore constraint-missing-not-valid
  add constraint settings_capture_method_is_known check (capture_method in ('automatic', 'manual'));
comment on column shop.settings.capture_method is 'Whether money is taken at once, or authorised and captured by staff.';
grant update (capture_method) on shop.settings to admin;
-- As it was when the order was placed: the intent has it, whatever settings say later.
alter table shop.payments
  add column capture_method text not null default 'automatic',
  -- squawk-ignore constraint-missing-not-valid
  add constraint payments_capture_method_is_known check (capture_method in ('automatic', 'manual'));
grant select (capture_method) on shop.payments to customer;
