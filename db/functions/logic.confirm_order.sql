create function logic.confirm_order(order_id uuid, note text) returns void
language plpgsql set search_path = '' as $$
begin
  update shop.reservations r set state = 'taken' where r.order_id = confirm_order.order_id and r.state = 'held';
  perform logic.set_status(confirm_order.order_id, 'confirmed', note);
  perform logic.emit('order.confirmed', jsonb_build_object('order_id', confirm_order.order_id));
end;
$$;
comment on function logic.confirm_order is 'An order that is paid, or will be on delivery: the reservation becomes a deduction, and the customer gets word.';
