create function logic.merge_carts(account_id uuid, guest_session uuid default null, counter integer default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  guests uuid[];
  customer shop.customers;
  own_cart uuid;
  answer jsonb;
begin
  select c.* into customer from shop.customers c where c.id = merge_carts.account_id;
  if customer.is_guest then
    perform logic.problem(403, 'account_required', 'A guest''s cart goes over to an account: sign in or register.');
  end if;
  -- The guest whose token was shown, and those who registered this account.
  select array_agg(a.id) into guests
  from auth.accounts a join shop.customers c on c.id = a.id and c.is_guest
  where a.heir_id = customer.id or a.id = logic.guest_of(guest_session, counter);
  -- By id, as always: merges and checkouts of one cart come one after the other. Whoever comes second finds no cart.
  perform from shop.carts c where c.customer_id = any(guests || customer.id) order by c.id for update;
  select c.id into own_cart from shop.carts c where c.customer_id = customer.id;
  if not exists (select from shop.carts c where c.customer_id = any(guests)) then
    return case when guest_session is not null then '{"outcome": "ended"}'::jsonb end;
  end if;
  with brought as (
    select i.product_id, i.variant_id, sum(i.quantity) as quantity,
      max(i.price_snapshot) filter (where i.price_snapshot <> logic.unit_price(i.variant_id, c.customer_id)) as outdated
    from shop.cart_items i join shop.carts c on c.id = i.cart_id
    where c.customer_id = any(guests) group by i.product_id, i.variant_id
  ), wanted as (
    select b.product_id, b.variant_id, b.quantity + coalesce(i.quantity, 0) as requested,
      -- What the account had stays, also when it is more than there is; checkout will say so.
      least(b.quantity + coalesce(i.quantity, 0),
        case when s.is_backorderable then 100000 else greatest(s.available, coalesce(i.quantity, 0)) end, 100000) as quantity,
      -- A price that has moved since somebody saw it is kept, so that checkout asks; else it is this account's price.
      coalesce(case when i.price_snapshot <> u.price then i.price_snapshot end, b.outdated, u.price) as price
    from brought b
    join shop.stock s on s.variant_id = b.variant_id
    left join shop.cart_items i on i.cart_id = own_cart and i.variant_id = b.variant_id
    cross join lateral (select logic.unit_price(b.variant_id, customer.id) as price) u
  ), merged as (
    insert into shop.cart_items (cart_id, product_id, variant_id, quantity, price_snapshot)
    select own_cart, w.product_id, w.variant_id, w.quantity, w.price from wanted w where w.quantity > 0
    on conflict on constraint cart_items_one_line_a_variant do update
      set quantity = excluded.quantity, price_snapshot = excluded.price_snapshot
    returning 1
  )
  select jsonb_build_object('outcome', 'merged', 'lines', (select count(*) from merged), 'capped', coalesce(
    jsonb_agg(jsonb_build_object(
      'product_id', p.id, 'variant_id', case when not v.is_default then v.id end, 'sku', v.sku, 'name', p.name,
      'requested', w.requested, 'quantity', w.quantity
    ) order by p.name, v.sku) filter (where w.quantity < w.requested), '[]'
  ))
  into answer
  from wanted w join shop.products p on p.id = w.product_id join shop.product_variants v on v.id = w.variant_id;
  delete from shop.carts c where c.customer_id = any(guests);
  update shop.addresses a set customer_id = customer.id, is_default = false where a.customer_id = any(guests);
  -- Only those that bear this account's address. Who merely sits down at the same browser gets none of them.
  update shop.orders o set customer_id = customer.id where o.customer_id = any(guests) and o.guest_email = customer.email;
  update auth.sessions s set ended_at = now(), end_reason = 'merged' where s.account_id = any(guests) and s.ended_at is null;
  update auth.accounts a set heir_id = null where a.id = any(guests);
  return answer;
end;
$$;
comment on function logic.merge_carts is 'Where carts merge: what a guest had goes over to the account that they sign in to, and the guest''s session ends. Quantities are added, up to what is in stock; `capped` tells the lines that are less. Outcome merged, ended (there was nothing to merge with that token any more), or null without a guest. Raises 403 account_required.';
grant execute on function logic.merge_carts to service;
