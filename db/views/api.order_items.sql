create view api.order_items with (security_invoker) as
select
  id, order_id, product_id, variant_id, product_name, variant_name, sku, quantity, price, subtotal, discount, returned_quantity,
  shipped_quantity, cancelled_quantity
from shop.order_items;
comment on view api.order_items is $$Lines of orders
With name, SKU and price as they were.$$;
comment on column api.order_items.id is 'Key.';
comment on column api.order_items.order_id is 'The order.';
comment on column api.order_items.product_id is 'The product, null if it is gone.';
comment on column api.order_items.variant_id is 'The variant, null if it is gone.';
comment on column api.order_items.product_name is 'Name at the time.';
comment on column api.order_items.variant_name is 'Name of the variant at the time, null for products without.';
comment on column api.order_items.sku is 'SKU at the time.';
comment on column api.order_items.quantity is 'How many.';
comment on column api.order_items.price is 'Price of one.';
comment on column api.order_items.subtotal is 'quantity * price.';
comment on column api.order_items.discount is 'Its share of the order''s discount.';
comment on column api.order_items.returned_quantity is 'How many came back.';
comment on column api.order_items.shipped_quantity is 'How many have left.';
comment on column api.order_items.cancelled_quantity is 'How many never will; they count as come back, too.';
grant select on api.order_items to customer;
grant select on api.order_items to integration;
