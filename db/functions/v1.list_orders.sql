create function v1.list_orders(status text default '', page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  me uuid := shop.current_user_id();
begin
  return logic.envelope(
    (
      select count(*) from shop.orders o
      where o.customer_id = me and (list_orders.status = '' or o.status = list_orders.status)
    ),
    page, page_size,
    logic.orders_json(array(
      select o.id from shop.orders o
      where o.customer_id = me and (list_orders.status = '' or o.status = list_orders.status)
      order by o.created_at desc, o.id limit wanted.size offset wanted.skip
    ))
  );
end;
$$;
comment on function v1.list_orders is $$My orders
Newest first, by status if wanted. Staff find everybody's under /rest/v1/orders. Errors: 404 invalid_page.$$;
grant execute on function v1.list_orders to customer;
