create function logic.names_item(wanted jsonb, item shop.order_items) returns boolean
language sql immutable
return coalesce(lower(wanted ->> 'sku') = lower(item.sku) or wanted ->> 'order_item_id' = item.id::text, false);
comment on function logic.names_item is 'Whether {sku or order_item_id} means this line of an order.';
