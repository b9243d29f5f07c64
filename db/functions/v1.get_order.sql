create function v1.get_order(id text) returns json
language plpgsql stable set search_path = '' as $$
declare
  answer json := logic.order_json(logic.to_uuid(id));
begin
  if answer is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  end if;
  return answer;
end;
$$;
comment on function v1.get_order is $$One order
With items and history. Errors: 404 order_not_found.$$;
grant execute on function v1.get_order to customer;
