create view api.orders with (security_invoker) as
select
  id, order_number, customer_id, status, currency, subtotal, discount, tax, shipping_cost, total_amount,
  coupon_code, shipping_address, billing_address, notes, carrier, tracking_number, shipped_at, delivered_at,
  created_at, updated_at,
  guest_email, is_disputed
from shop.orders;
comment on view api.orders is $$Orders
One's own; staff see all. Placed by checkout, changed by cancel_order and set_order_status.$$;
comment on column api.orders.id is 'Key.';
comment on column api.orders.order_number is 'The number that people use, unique.';
comment on column api.orders.customer_id is 'Who ordered; null once they are erased.';
comment on column api.orders.status is 'pending, confirmed, processing, shipped, delivered, cancelled or refunded.';
comment on column api.orders.currency is 'ISO 4217 code of the amounts.';
comment on column api.orders.subtotal is 'Sum of the items.';
comment on column api.orders.discount is 'Taken off by the coupon.';
comment on column api.orders.coupon_code is 'The coupon that was used, null without one.';
comment on column api.orders.tax is 'Tax on the goods, less the discount.';
comment on column api.orders.shipping_cost is 'Cost of delivery.';
comment on column api.orders.total_amount is 'To be paid: subtotal - discount + tax + shipping cost.';
comment on column api.orders.shipping_address is 'Where it goes, as it was at checkout.';
comment on column api.orders.billing_address is 'Whom it is billed to, as it was at checkout.';
comment on column api.orders.notes is 'What the customer wrote.';
comment on column api.orders.carrier is 'Who carries it.';
comment on column api.orders.tracking_number is 'The carrier''s number.';
comment on column api.orders.shipped_at is 'When it left.';
comment on column api.orders.delivered_at is 'When it arrived.';
comment on column api.orders.created_at is 'When it was placed.';
comment on column api.orders.updated_at is 'When it last changed.';
comment on column api.orders.guest_email is 'Where mails go when a guest has ordered.';
comment on column api.orders.is_disputed is 'Whether a cardholder''s bank asks its money back, or has kept it.';
grant select on api.orders to customer;
grant select on api.orders to integration;
