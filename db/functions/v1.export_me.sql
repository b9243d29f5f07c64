create function v1.export_me() returns json
language plpgsql set search_path = '' as $$
declare
  me uuid := shop.current_user_id();
begin
  perform set_config(
    'response.headers', '[{"Content-Disposition": "attachment; filename=\"my-data.json\""}, {"Cache-Control": "no-store"}]', true
  );
  -- Each part names its owner, too, since staff sees more than what is theirs.
  return json_build_object(
    'profile', v1.get_me(),
    'account', logic.account_json(),
    'addresses', (select coalesce(json_agg(a order by a.created_at, a.id), '[]') from shop.addresses a where a.customer_id = me),
    'cart', v1.get_cart(),
    'agreed_prices', (
      select coalesce(json_agg(json_build_object('sku', v.sku, 'price', logic.money(c.price))), '[]')
      from shop.customer_prices c left join shop.product_variants v on v.id = c.variant_id where c.customer_id = me
    ),
    'orders', (
      select coalesce(json_agg(shown.value::jsonb || jsonb_build_object('payments', (
        select jsonb_agg(jsonb_build_object(
          'method', p.method, 'intent_id', p.intent_id, 'status', p.status, 'amount', logic.money(p.amount), 'currency', p.currency,
          'captured_amount', logic.money(p.captured_amount), 'created_at', p.created_at,
          'refunds', (
            select coalesce(jsonb_agg(jsonb_build_object(
              'amount', logic.money(r.amount), 'status', r.status, 'reason', r.reason, 'created_at', r.created_at
            ) order by r.created_at, r.id), '[]')
            from api.refunds r where r.payment_id = p.id
          )
        ))
        from api.payments p where p.order_id = (shown.value ->> 'id')::uuid
      )) order by shown.number), '[]')
      from json_array_elements(logic.orders_json(array(
        select o.id from shop.orders o where o.customer_id = me order by o.created_at, o.id
      ))) with ordinality shown (value, number)
    ),
    'reviews', (
      select coalesce(json_agg(json_build_object(
        'product', r.product_id, 'rating', r.rating, 'title', r.title, 'comment', r.comment, 'is_approved', r.is_approved,
        'created_at', r.created_at, 'updated_at', r.updated_at
      ) order by r.created_at, r.id), '[]')
      from shop.reviews r where r.customer_id = me
    ),
    'wishlist', (
      select coalesce(json_agg(json_build_object('product', w.product_id, 'created_at', w.created_at) order by w.created_at), '[]')
      from shop.wishlist_items w where w.customer_id = me
    )
  );
end;
$$;
comment on function v1.export_me is $$Everything about me
One JSON document to keep: profile, account and sessions, addresses, cart, orders with payments and history, reviews, wishlist. No secrets.$$;
grant execute on function v1.export_me to customer;
