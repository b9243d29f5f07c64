create function logic.set_status(order_id uuid, status text, note text) returns void
language plpgsql set search_path = '' as $$
begin
  perform set_config('shop.status_note', note, true);
  update shop.orders o set
    status = set_status.status,
    shipped_at = case set_status.status when 'shipped' then now() else o.shipped_at end,
    delivered_at = case set_status.status when 'delivered' then now() else o.delivered_at end,
    cancelled_by = case set_status.status when 'cancelled' then o.cancelled_by end
  where o.id = order_id;
  if set_status.status = 'delivered' then
    perform logic.emit('order.delivered', jsonb_build_object('order_id', order_id));
  end if;
end;
$$;
comment on function logic.set_status is 'Moves an order and gives its history the reason. The table of transitions has the last word. Whoever ordered gets word of what is there.';
