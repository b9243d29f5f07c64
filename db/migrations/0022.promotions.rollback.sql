-- Undoes 0020.promotions.
-- depends: 0021.signing-keys

drop trigger order_items_check_sums on shop.order_items;
drop trigger orders_check_sums on shop.orders;
drop function shop.check_order_sums();
create function shop.check_order_subtotal() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  checked uuid := case tg_table_name when 'orders' then to_jsonb(new) ->> 'id'
    else coalesce(to_jsonb(new), to_jsonb(old)) ->> 'order_id' end;
begin
  if exists (
    select from shop.orders o where o.id = checked and o.subtotal is distinct from
      (select sum(i.subtotal) from shop.order_items i where i.order_id = o.id)
  ) then
    raise sqlstate '23514' using
      message = 'the subtotal of an order is the sum of its items', constraint = 'orders_subtotal_is_sum_of_items';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_subtotal after insert or update of subtotal on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_subtotal();
create constraint trigger order_items_check_subtotal after insert or delete or update of quantity, price, order_id
  on shop.order_items deferrable initially deferred for each row execute function shop.check_order_subtotal();
comment on function shop.check_order_subtotal is 'At the end of the transaction the items add up to the subtotal.';
alter table shop.order_items
  drop constraint order_items_discount_at_most_subtotal,
  drop column discount;
alter table shop.orders
  drop constraint orders_discount_at_most_subtotal,
  drop column coupon_code;
drop table shop.promotion_uses;
drop function shop.count_promotion_use();
drop table shop.promotions;
