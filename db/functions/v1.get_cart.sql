create function v1.get_cart() returns json
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select json_build_object(
      'id', c.id,
      'items', coalesce(json_agg(json_build_object(
        'id', i.id,
        'product', json_build_object('id', p.id, 'name', p.name, 'slug', p.slug, 'image', (
          select g.image from shop.product_images g where g.product_id = p.id
          order by g.is_primary desc, g.sort_order limit 1
        )),
        'variant', case when not v.is_default
          then json_build_object('id', v.id, 'name', v.name, 'sku', v.sku, 'attributes', v.attributes) end,
        'quantity', i.quantity, 'price_snapshot', logic.money(i.price_snapshot),
        'price', logic.money(u.price), 'subtotal', logic.money(i.quantity * u.price),
        'stock_quantity', s.available, 'is_available', p.is_active and v.is_active and s.available >= i.quantity
      ) order by i.created_at, i.id) filter (where i.id is not null), '[]'),
      'total_items', coalesce(sum(i.quantity), 0),
      'subtotal', logic.money(coalesce(sum(i.quantity * u.price), 0)),
      'currency', (select t.currency from shop.settings t),
      'created_at', c.created_at, 'updated_at', c.updated_at
    )
    from shop.carts c
    left join shop.cart_items i on i.cart_id = c.id
    left join shop.products p on p.id = i.product_id
    left join shop.product_variants v on v.id = i.variant_id
    left join shop.stock s on s.variant_id = i.variant_id
    left join lateral (select logic.unit_price(i.variant_id, c.customer_id) as price) u on true
    where c.customer_id = (select shop.current_user_id())
    group by c.id
  );
end;
$$;
comment on function v1.get_cart is $$My cart
Lines with the price when added and the price now; the subtotal is of now.$$;
grant execute on function v1.get_cart to customer;
