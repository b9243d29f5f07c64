create view api.product_internals with (security_invoker) as
select
  p.id, p.sku, p.cost_price, p.low_stock_threshold,
  (
    select coalesce(sum(s.available), 0) <= p.low_stock_threshold
    from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active
  ) as is_low_stock
from shop.products p
where p.deleted_at is null;
comment on view api.product_internals is $$Products, for staff
What customers neither see nor can filter or sort by: cost prices, and what is running out.$$;
comment on column api.product_internals.id is 'Key, that of the product.';
comment on column api.product_internals.sku is 'Stock keeping unit.';
comment on column api.product_internals.cost_price is 'What it costs the shop.';
comment on column api.product_internals.low_stock_threshold is 'As many or fewer that can be sold are called low.';
comment on column api.product_internals.is_low_stock is 'Whether there are as few as that.';
grant select, update (cost_price, low_stock_threshold) on api.product_internals to staff;
