create function v1.create_order_note(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"text": "text!", "is_private": "boolean"}');
  order_id uuid := logic.path_id();
begin
  if logic.order_json(order_id) is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  end if;
  insert into shop.order_notes (order_id, text, is_private)
  values (order_id, given ->> 'text', coalesce((given ->> 'is_private')::boolean, false));
  perform set_config('response.status', '201', true);
  return logic.order_json(order_id);
end;
$$;
comment on function v1.create_order_note is $$Say something about an order
Fields: text, is_private (for staff: only staff sees it). Answers with the order. Errors: 404 order_not_found, 422 validation_failed.$$;
grant execute on function v1.create_order_note to customer;
