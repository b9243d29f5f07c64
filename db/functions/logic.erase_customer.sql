create function logic.erase_customer(customer_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  person shop.customers;
  theirs shop.orders[];
  their_ids uuid[];
  guises uuid[];
  in_hand text[];
begin
  -- Cart before customer, as checkout has it; and whoever writes for them now waits, and then finds nobody.
  perform from shop.carts c where c.customer_id = erase_customer.customer_id for update;
  select c.* into person from shop.customers c where c.id = erase_customer.customer_id for update;
  if person.id is null then
    perform logic.problem(404, 'customer_not_found', 'There is no such customer.');
  end if;
  perform from auth.accounts a where a.role = 'admin' order by a.id for update;
  if exists (select from auth.accounts a where a.id = person.id and a.role = 'admin')
    and not exists (select from auth.accounts a where a.id <> person.id and a.role = 'admin' and a.is_active)
  then
    perform logic.problem(409, 'last_admin', 'A shop needs an admin: make another one first.');
  end if;
  -- What they have ordered as a guest is theirs as far as they have shown that the address is.
  perform from shop.orders o
  where o.customer_id = person.id or person.is_email_verified and o.guest_email = person.email
  order by o.id for update;
  select array_agg(o order by o.id), coalesce(array_agg(o.id), '{}'), array_append(array_agg(o.customer_id), person.id),
    array_agg(o.order_number order by o.order_number) filter (
      where o.status in ('confirmed', 'processing', 'shipped') or exists (
        -- Somebody still has to hand money over, and must know to whom.
        select from shop.payments p where p.order_id = o.id and p.method <> 'card' and (
          o.status = 'delivered' and p.captured_amount < p.amount
          or exists (select from shop.refunds r where r.payment_id = p.id and r.status = 'pending')
        )
      )
    )
  into theirs, their_ids, guises, in_hand
  from shop.orders o where o.customer_id = person.id or person.is_email_verified and o.guest_email = person.email;
  if in_hand is not null then
    perform logic.problem(
      409, 'orders_open', 'Orders under way must be delivered, paid or refunded first.',
      jsonb_build_object('orders', in_hand)::text, 'Cancel them, or wait until they have arrived.'
    );
  end if;
  perform logic.withdraw_order(o, 'customer', '') from unnest(theirs) o where o.status = 'pending';

  update shop.orders o set
    customer_id = null, notes = '', tracking_number = null, guest_email = null,
    shipping_address = logic.tax_address(o.shipping_address, their_ids),
    billing_address = logic.tax_address(o.billing_address, their_ids)
  where o.id = any (their_ids);
  update shop.shipments s set tracking_number = null where s.order_id = any (their_ids);
  delete from shop.order_notes n where n.order_id = any (their_ids);
  update shop.order_status_history h set notes = '' where h.order_id = any (their_ids) and h.notes <> '';
  update shop.payments p set client_secret = null where p.order_id = any (their_ids);
  update shop.refunds r set reason = ''
  from shop.payments p where p.id = r.payment_id and p.order_id = any (their_ids);
  -- What staff was told about them.
  delete from shop.idempotency_keys k
  where k.response ->> 'id' = any (their_ids::text[]) or k.result ->> 'id' = any (their_ids::text[]);
  -- Work about them that is done; and of what is not, what a server has said about their address.
  delete from shop.outbox o
  where coalesce(o.payload ->> 'customer_id', o.payload ->> 'order_id') = any (array_append(their_ids, person.id)::text[])
    and (o.payload ? 'customer_id' or o.done_at is not null);
  update shop.outbox o set last_error = null
  where coalesce(o.payload ->> 'customer_id', o.payload ->> 'order_id') = any (their_ids::text[]);
  -- Account, sessions, cart, addresses, reviews, wishlist and whatever else refers to them goes along.
  guises := guises || array(select a.id from auth.accounts a where a.heir_id = person.id);
  delete from shop.customers c
  where c.id = any (guises)
    and (c.id = person.id or c.is_guest and not exists (select from shop.orders o where o.customer_id = c.id));
  perform logic.audit(
    'customer.erased', 'customer', person.id::text, null, jsonb_build_object('orders_kept', cardinality(their_ids))
  );
exception when lock_not_available or deadlock_detected or query_canceled then
  perform logic.problem(503, 'try_again', 'Too much is going on at this moment.', null, null, '{"Retry-After": "1"}');
end;
$$;
comment on function logic.erase_customer is 'Forgets a person: unpaid orders are cancelled, orders stay without them, all else that is theirs goes; their next request is refused. Raises 404 customer_not_found, 409 orders_open, last_admin, 503 try_again.';
grant execute on function logic.erase_customer to service;
