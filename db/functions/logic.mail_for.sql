create function logic.mail_for(topic text, payload jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  told_order shop.orders;
  customer shop.customers;
begin
  select o.* into told_order from shop.orders o where o.id = logic.to_uuid(payload ->> 'order_id');
  select c.* into customer from shop.customers c
  where c.id = coalesce(told_order.customer_id, logic.to_uuid(payload ->> 'customer_id'));
  customer.email := coalesce(customer.email, told_order.guest_email);
  if customer.email is null then
    return null;
  end if;
  return jsonb_build_object(
    'to', customer.email, 'first_name', customer.first_name, 'customer_id', customer.id,
    'shop_name', (select s.shop_name from shop.settings s),
    'order', case when told_order.id is not null then jsonb_build_object(
      'id', told_order.id, 'order_number', told_order.order_number, 'status', told_order.status,
      'currency', told_order.currency, 'subtotal', logic.money(told_order.subtotal),
      'discount', logic.money(told_order.discount), 'tax', logic.money(told_order.tax),
      'shipping_cost', logic.money(told_order.shipping_cost), 'total_amount', logic.money(told_order.total_amount),
      'shipping_address', told_order.shipping_address, 'carrier', told_order.carrier,
      'tracking_number', told_order.tracking_number, 'created_at', told_order.created_at,
      'items', (
        select jsonb_agg(jsonb_build_object(
          'name', i.product_name, 'variant_name', i.variant_name, 'sku', i.sku, 'quantity', i.quantity,
          'price', logic.money(i.price), 'subtotal', logic.money(i.subtotal)
        ) order by i.product_name, i.id)
        from shop.order_items i where i.order_id = told_order.id
      )
    ) end,
    'reason', (
      select h.notes from shop.order_status_history h where h.order_id = told_order.id order by h.id desc limit 1
    ),
    'payment', (
      select jsonb_build_object(
        'method', p.method, 'is_paid', p.captured_amount = p.amount, 'instructions', m.instructions, 'until', (
          select to_char(min(r.expires_at) at time zone 'UTC', 'FMDD Month YYYY, HH24:MI "UTC"') from shop.reservations r
          where r.order_id = p.order_id
        )
      )
      from shop.payments p join shop.payment_methods m on m.code = p.method where p.order_id = told_order.id
    ),
    'refund', (
      select jsonb_build_object('amount', logic.money(r.amount), 'reason', r.reason) from shop.refunds r
      where r.id = logic.to_uuid(payload ->> 'refund_id')
    ),
    'shipment', (
      select jsonb_build_object(
        'carrier', s.carrier, 'tracking_number', s.tracking_number,
        'items', jsonb_agg(jsonb_build_object(
          'name', i.product_name, 'variant_name', i.variant_name, 'quantity', c.quantity
        ) order by i.product_name, i.id),
        'is_part', sum(c.quantity) < (select sum(i.quantity) from shop.order_items i where i.order_id = s.order_id)
      )
      from shop.shipments s join shop.shipment_items c on c.shipment_id = s.id join shop.order_items i on i.id = c.order_item_id
      where s.id = logic.to_uuid(payload ->> 'shipment_id') group by s.id
    ),
    'low_stock', case topic when 'stock.low' then logic.low_stock() end
  );
end;
$$;
comment on function logic.mail_for is 'What a mail about a topic has to say, null when nobody can be written to.';
grant execute on function logic.mail_for to worker;
