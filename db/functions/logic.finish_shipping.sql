create function logic.finish_shipping(order_id uuid, note text) returns void
language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from shop.order_items i
    where i.order_id = finish_shipping.order_id and i.quantity > i.shipped_quantity + i.cancelled_quantity
  ) then
    perform logic.set_status(finish_shipping.order_id, 'shipped', note);
  end if;
end;
$$;
comment on function logic.finish_shipping is 'Once all of an order that is not cancelled has left, it is shipped.';
