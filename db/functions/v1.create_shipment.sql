create function v1.create_shipment(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"items": "array", "carrier": "text", "tracking_number": "text"}');
  made api.shipments := api.create_shipment(
    logic.path_id(), nullif(given -> 'items', 'null'), given ->> 'carrier', given ->> 'tracking_number'
  );
begin
  perform set_config('response.status', '201', true);
  return logic.first_answer(logic.order_json(made.order_id));
end;
$$;
comment on function v1.create_shipment is $$Ship a parcel
For staff. Fields: items (a list of {sku or order_item_id, quantity}; all that is left unless given), carrier, tracking_number. Answers with the order.
Errors: 404 order_not_found, 409 transition_not_allowed, nothing_to_ship, shipment_exceeds_order, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function v1.create_shipment to staff;
