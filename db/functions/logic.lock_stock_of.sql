create function logic.lock_stock_of(order_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from shop.stock s
  where s.variant_id in (select r.variant_id from shop.reservations r where r.order_id = lock_stock_of.order_id)
  order by s.variant_id for update;
end;
$$;
comment on function logic.lock_stock_of is 'Locks the stock of an order''s variants, in the order that checkout uses too.';
