create function api.claim_orders() returns setof api.orders
language plpgsql security definer set search_path = '' as $$
declare
  customer shop.customers;
  claimed uuid[];
begin
  -- Locked, so that the address does not change hands meanwhile.
  select c.* into customer from shop.customers c where c.id = shop.current_user_id() for share;
  if not customer.is_email_verified or customer.email is null then
    perform logic.problem(403, 'email_not_verified', 'Prove that the address is yours first: its link came by mail.');
  end if;
  -- Unpaid ones stay with the guest, who may be at the till right now.
  with changed as (
    update shop.orders o set customer_id = customer.id from shop.customers g
    where o.guest_email = customer.email and g.id = o.customer_id and g.is_guest and o.status <> 'pending'
    returning o.id
  )
  select array_agg(c.id) into claimed from changed c;
  return query select o.* from api.orders o where o.id = any(claimed) order by o.created_at desc, o.id;
end;
$$;
comment on function api.claim_orders is $$Claim orders
Makes orders mine that were placed by guests with my address. The address must be verified; what is not paid yet stays with the guest, who may be paying; repeating it is safe. Answers with the orders that became mine by this.
Errors: 403 email_not_verified.$$;
grant execute on function api.claim_orders to customer;
