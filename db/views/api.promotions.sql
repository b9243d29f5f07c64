create view api.promotions with (security_invoker) as
select
  id, code, description, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, uses,
  is_active, created_at, updated_at
from shop.promotions;
comment on view api.promotions is $$Coupons
For staff. Customers give a code at checkout, or to the cart to see what it would take off.$$;
comment on column api.promotions.id is 'Key.';
comment on column api.promotions.code is 'What customers type: letters, digits, - and _; unique without regard to case.';
comment on column api.promotions.description is 'What it is for.';
comment on column api.promotions.kind is 'percentage or fixed.';
comment on column api.promotions.value is 'Percent of the goods, or an amount in the shop''s currency; never more than the goods cost.';
comment on column api.promotions.minimum_amount is 'What the goods must cost at least.';
comment on column api.promotions.starts_at is 'From when it is taken.';
comment on column api.promotions.ends_at is 'Until when, null for ever.';
comment on column api.promotions.usage_limit is 'How many orders may use it, null without limit.';
comment on column api.promotions.usage_limit_per_customer is 'How many orders of one customer may, null without limit.';
comment on column api.promotions.uses is 'How many orders have, cancelled ones not counted.';
comment on column api.promotions.is_active is 'Whether it is taken at all.';
comment on column api.promotions.created_at is 'When it was made.';
comment on column api.promotions.updated_at is 'When it was last changed or used.';
grant select, delete,
  insert (code, description, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, is_active),
  update (code, description, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, is_active)
  on api.promotions to staff;
