create function v1.track_order(id text) returns json
language plpgsql stable set search_path = '' as $$
declare
  tracked json := v1.get_order(id);
begin
  return json_build_object(
    'order_number', tracked -> 'order_number', 'status', tracked -> 'status', 'status_display', tracked -> 'status_display',
    'carrier', tracked -> 'carrier', 'tracking_number', tracked -> 'tracking_number', 'history', tracked -> 'status_history'
  );
end;
$$;
comment on function v1.track_order is $$Where an order is
Its state and how it came there. Errors: 404 order_not_found.$$;
grant execute on function v1.track_order to customer;
