create function v1.update_order(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body(
    $1, '{"status": "text", "notes": "text", "tracking_number": "text", "carrier": "text"}', logic.order_json(logic.path_id())::jsonb
  );
  changed api.orders;
begin
  changed := api.set_order_status(
    logic.path_id(),
    coalesce(given ->> 'status', (select o.status from shop.orders o where o.id = logic.path_id())),
    given ->> 'notes', given ->> 'tracking_number', given ->> 'carrier'
  );
  return logic.order_json(changed.id);
end;
$$;
comment on function v1.update_order is $$Move an order
For staff. Fields: status, notes (the reason, for the history), tracking_number, carrier. Errors: 404 order_not_found, 409 transition_not_allowed, 422 validation_failed.$$;
grant execute on function v1.update_order to staff;
