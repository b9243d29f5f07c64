create function logic.unsettled_at_stripe(kind text) returns text[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return case kind
    when 'payment_intent' then array(
      select p.intent_id from shop.payments p
      where p.intent_id is not null and p.status not in ('succeeded', 'canceled') order by p.created_at
    )
    when 'refund' then array(
      select r.stripe_refund_id from shop.refunds r
      where r.stripe_refund_id is not null and r.status = 'pending' order by r.created_at
    )
    when 'dispute' then array(
      select d.id from shop.disputes d where d.status not in ('won', 'lost', 'prevented', 'warning_closed') order by d.created_at
    )
  end;
end;
$$;
comment on function logic.unsettled_at_stripe is
  'Ids of those payment_intent, refund or dispute of which the shop still waits for an end, however old they are.';
grant execute on function logic.unsettled_at_stripe to worker;
