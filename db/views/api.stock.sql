create view api.stock with (security_invoker) as
select
  s.variant_id,
  (select v.product_id from shop.product_variants v where v.id = s.variant_id) as product_id,
  (select v.sku from shop.product_variants v where v.id = s.variant_id) as sku,
  s.on_hand, s.reserved, s.available, s.is_backorderable
from shop.stock s;
comment on view api.stock is $$Stock
On hand, reserved and available of every variant, for staff.$$;
comment on column api.stock.variant_id is 'The variant, also the hidden one of products without variants.';
comment on column api.stock.product_id is 'Its product.';
comment on column api.stock.sku is 'Its SKU.';
comment on column api.stock.on_hand is 'How many lie in the warehouse: the sum of the ledger.';
comment on column api.stock.reserved is 'How many unpaid orders hold.';
comment on column api.stock.available is 'on hand - reserved; negative when more was ordered than is there.';
comment on column api.stock.is_backorderable is 'Whether more may be ordered than is there; staff decides.';
grant select, update (is_backorderable) on api.stock to staff;
