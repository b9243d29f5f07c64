create function logic.set_stock(
  variant_id uuid, quantity integer, reason text, is_backorderable boolean default null
) returns void
language plpgsql security definer set search_path = '' as $$
declare
  missing integer;
begin
  if quantity < 0 then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"stock_quantity": ["Must not be negative."]}'
    );
  end if;
  update shop.stock s set is_backorderable = set_stock.is_backorderable
  where s.variant_id = set_stock.variant_id and s.is_backorderable <> set_stock.is_backorderable;
  select quantity - s.available into missing from shop.stock s
  where s.variant_id = set_stock.variant_id and quantity is not null for update;
  if missing <> 0 then
    insert into shop.stock_movements (variant_id, quantity, reason) values (set_stock.variant_id, missing, set_stock.reason);
  end if;
end;
$$;
comment on function logic.set_stock is 'Brings what can be sold of a variant to a quantity, by a movement in the ledger; null changes nothing. What orders hold stays theirs. Raises 422 validation_failed.';
grant execute on function logic.set_stock to staff;
