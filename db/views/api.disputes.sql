create view api.disputes with (security_invoker) as
select id, payment_id, amount, reason, status, created_at, updated_at from shop.disputes;
comment on view api.disputes is $$Disputes
Payments that a cardholder's bank asks back, for staff; they are answered at Stripe.$$;
comment on column api.disputes.id is 'Stripe''s id.';
comment on column api.disputes.payment_id is 'The payment.';
comment on column api.disputes.amount is 'Asked back.';
comment on column api.disputes.reason is 'Stripe''s word for the reason.';
comment on column api.disputes.status is 'Stripe''s state of it: needs_response and under_review are open, won and lost the end.';
comment on column api.disputes.created_at is 'When it was heard of.';
comment on column api.disputes.updated_at is 'When it last changed.';
grant select on api.disputes to staff;
