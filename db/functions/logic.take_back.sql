create function logic.take_back(order_id uuid, items jsonb, restock boolean, cancels boolean default false) returns numeric
language plpgsql set search_path = '' as $$
declare
  line record;
  worth numeric := 0;
begin
  for line in
    select i.*, coalesce((wanted.value ->> 'quantity')::integer, i.quantity - i.returned_quantity) as back
    from shop.order_items i
    left join jsonb_array_elements(items) wanted on logic.names_item(wanted.value, i)
    where i.order_id = take_back.order_id and (items is null or wanted.value is not null)
    order by i.variant_id
    for update of i
  loop
    if line.back > 0 then
      -- What has left comes back first; what has not left is cancelled, and will not leave.
      update shop.order_items i set
        returned_quantity = i.returned_quantity + line.back,
        cancelled_quantity = i.cancelled_quantity
          + case when cancels then line.back
            else greatest(0, line.back - i.shipped_quantity + i.returned_quantity - i.cancelled_quantity) end
      where i.id = line.id;
      if restock and line.variant_id is not null then
        insert into shop.stock_movements (variant_id, quantity, reason, order_id)
        values (line.variant_id, line.back, 'return', line.order_id);
      end if;
      worth := worth + line.back * line.price
        - round(line.discount * (line.returned_quantity + line.back) / line.quantity, 2)
        + round(line.discount * line.returned_quantity / line.quantity, 2);
    end if;
  end loop;
  return worth;
exception when check_violation then
  perform logic.problem(409, 'return_exceeds_sale', 'More would come back than was sold, or be cancelled than is left.');
  return null;
end;
$$;
comment on function logic.take_back is 'Books goods of an order as returned, or as cancelled before they leave, all that is left or [{sku or order_item_id, quantity}], into stock if wanted. Returns their price, less their share of the discount. Raises 409 return_exceeds_sale.';
