create function logic.orders_json(order_ids uuid[]) returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(json_agg(json_build_object(
      'id', o.id, 'order_number', o.order_number, 'status', o.status, 'status_display', s.label, 'currency', o.currency,
      'subtotal', logic.money(o.subtotal), 'discount', logic.money(o.discount), 'tax', logic.money(o.tax),
      'shipping_cost', logic.money(o.shipping_cost), 'total_amount', logic.money(o.total_amount),
      'shipping_address', o.shipping_address, 'billing_address', o.billing_address, 'notes', o.notes,
      'carrier', o.carrier, 'tracking_number', o.tracking_number, 'guest_email', o.guest_email,
      'coupon', o.coupon_code, 'payment_method', p.method, 'payment_status', p.status,
      'refunded_amount', logic.money(coalesce(p.refunded_amount, 0)), 'is_disputed', o.is_disputed,
      'items', (
        select coalesce(json_agg(json_build_object(
          'id', i.id, 'product', i.product_id, 'product_name', i.product_name,
          'variant', case when i.variant_name is not null then i.variant_id end, 'variant_name', i.variant_name,
          'sku', i.sku, 'quantity', i.quantity, 'price', logic.money(i.price), 'subtotal', logic.money(i.subtotal),
          'discount', logic.money(i.discount), 'shipped_quantity', i.shipped_quantity,
          'cancelled_quantity', i.cancelled_quantity, 'returned_quantity', i.returned_quantity
        ) order by i.product_name, i.id), '[]')
        from shop.order_items i where i.order_id = o.id
      ),
      'status_history', (
        select json_agg(json_build_object('status', h.status, 'timestamp', h.created_at, 'notes', h.notes, 'actor', h.actor) order by h.id)
        from shop.order_status_history h where h.order_id = o.id
      ),
      'shipments', (
        select coalesce(jsonb_agg(to_jsonb(d) - 'order_id' order by d.shipped_at, d.id), '[]')
        from api.shipments d where d.order_id = o.id
      ),
      'order_notes', (
        select coalesce(jsonb_agg(to_jsonb(n) - 'order_id' order by n.created_at, n.id), '[]')
        from api.order_notes n where n.order_id = o.id
      ),
      'created_at', o.created_at, 'updated_at', o.updated_at
    ) order by wanted.position), '[]')
    from unnest(order_ids) with ordinality wanted (id, position)
    join shop.orders o on o.id = wanted.id join shop.order_statuses s on s.status = o.status
    left join shop.payments p on p.order_id = o.id
  );
end;
$$;
comment on function logic.orders_json is 'Orders in the order of their ids, as /api/v1 shows them; those that the caller may not see are left out.';
grant execute on function logic.orders_json to customer;
