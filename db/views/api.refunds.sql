create view api.refunds with (security_invoker) as
select id, payment_id, amount, status, reason, created_at, updated_at from shop.refunds;
comment on view api.refunds is $$Refunds
Of one's own payments; staff see all and make them by refund_order.$$;
comment on column api.refunds.id is 'Key.';
comment on column api.refunds.payment_id is 'The payment.';
comment on column api.refunds.amount is 'Given back.';
comment on column api.refunds.status is 'pending, succeeded or failed.';
comment on column api.refunds.reason is 'Why.';
comment on column api.refunds.created_at is 'When it was asked for.';
comment on column api.refunds.updated_at is 'When it last changed.';
grant select on api.refunds to customer;
