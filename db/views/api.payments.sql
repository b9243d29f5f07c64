create view api.payments with (security_invoker) as
select id, order_id, method, intent_id, status, amount, currency, captured_amount, refunded_amount, capture_method,
  created_at, updated_at
from shop.payments;
comment on view api.payments is $$Payments
One an order; of one's own orders, staff see all.$$;
comment on column api.payments.id is 'Key.';
comment on column api.payments.order_id is 'The order.';
comment on column api.payments.method is 'card, cash_on_delivery or bank_transfer.';
comment on column api.payments.intent_id is 'Stripe''s PaymentIntent; null for other ways to pay.';
comment on column api.payments.status is 'Stripe''s state of it, new before there is one; other ways to pay go from new to succeeded.';
comment on column api.payments.amount is 'To be paid.';
comment on column api.payments.currency is 'ISO 4217 code.';
comment on column api.payments.captured_amount is 'Paid.';
comment on column api.payments.refunded_amount is 'Given back or being given back; never more than was paid.';
comment on column api.payments.capture_method is 'automatic, or manual where staff takes the money once it is authorised.';
comment on column api.payments.created_at is 'When it was made.';
comment on column api.payments.updated_at is 'When it last changed.';
grant select on api.payments to customer;
