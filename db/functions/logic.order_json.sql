create function logic.order_json(order_id uuid) returns json
language plpgsql stable set search_path = '' as $$
begin
  return logic.orders_json(array[order_id]) -> 0;
end;
$$;
comment on function logic.order_json is 'An order that the caller may see, as /api/v1 shows it; null for others.';
grant execute on function logic.order_json to customer;
