create view api.order_status_history with (security_invoker) as
select id, order_id, status, notes, actor, created_at from shop.order_status_history;
comment on view api.order_status_history is $$History of orders
When an order took which state, and why.$$;
comment on column api.order_status_history.id is 'Key, rising.';
comment on column api.order_status_history.order_id is 'The order.';
comment on column api.order_status_history.status is 'The state.';
comment on column api.order_status_history.notes is 'Why.';
comment on column api.order_status_history.actor is 'Through whom: customer, staff, or system; null for what happened before this was recorded.';
comment on column api.order_status_history.created_at is 'When.';
grant select on api.order_status_history to customer;
grant select on api.order_status_history to integration;
