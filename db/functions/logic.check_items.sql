create function logic.check_items(order_id uuid, items jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if items is not null and (jsonb_typeof(items) <> 'array' or exists (
    select from jsonb_array_elements(items) e
    where coalesce(e ->> 'quantity', '') !~ '^[0-9]{1,6}$' or not exists (
      select from shop.order_items i where i.order_id = check_items.order_id and logic.names_item(e, i)
    )
  )) then
    perform logic.problem(422, 'validation_failed', 'items is a list of {sku or order_item_id, quantity} of this order.');
  end if;
end;
$$;
comment on function logic.check_items is 'Refuses items that name no lines of the order. Raises 422 validation_failed.';
