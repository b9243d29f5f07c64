create function v1.get_cart(coupon text default '') returns json
language plpgsql stable security definer set search_path = '' as $$
declare
  totals record := api.cart_totals(coupon);
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
        'stock_quantity', s.available, 'is_available', p.is_active and v.is_active and (s.is_backorderable or s.available >= i.quantity)
      ) order by i.created_at, i.id) filter (where i.id is not null), '[]'),
      'total_items', coalesce(sum(i.quantity), 0),
      'subtotal', logic.money(totals.subtotal), 'coupon', totals.coupon_code, 'discount', logic.money(totals.discount),
      'tax', logic.money(totals.tax), 'shipping_cost', logic.money(totals.shipping_cost),
      'total_amount', logic.money(totals.total_amount),
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
Lines with the price when added and the price now; the sums are of now, as checkout would make them, with ?coupon= less what that takes off. Errors: 404 coupon_unknown, 409 coupon_expired, coupon_used_up, coupon_not_applicable.$$;
grant execute on function v1.get_cart to customer;
