create function logic.unsettled_at_stripe(kind text) returns text[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return array(
    select p.intent_id from shop.payments p
    where kind = 'payment_intent' and p.intent_id is not null and p.status not in ('succeeded', 'canceled')
    union all select r.stripe_refund_id from shop.refunds r
    where kind = 'refund' and r.stripe_refund_id is not null and r.status = 'pending'
    union all select d.id from shop.disputes d
    where kind = 'dispute' and d.status not in ('won', 'lost', 'prevented', 'warning_closed')
  );
end;
$$;
comment on function logic.unsettled_at_stripe is 'Ids of those payment_intent, refund or dispute of which the shop still waits for an end, however old they are.';
grant execute on function logic.unsettled_at_stripe to worker;
