create function logic.lock_order(order_id uuid) returns shop.orders
language plpgsql set search_path = '' as $$
declare
  locked shop.orders;
begin
  select o.* into locked from shop.orders o where o.id = lock_order.order_id for update;
  if locked.id is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  end if;
  return locked;
end;
$$;
comment on function logic.lock_order is 'An order that nobody else changes until the end. Raises 404 order_not_found.';
