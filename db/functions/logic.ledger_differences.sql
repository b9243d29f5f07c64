create function logic.ledger_differences(days integer) returns integer
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select count(*)
    from shop.payments p
    cross join lateral (
      select coalesce(sum(e.amount) filter (where e.account in ('stripe', 'bank', 'cash')), 0) as total,
        coalesce(sum(e.amount), 0) as rest
      from shop.ledger_entries e where e.payment_id = p.id
    ) l
    cross join lateral (
      select p.captured_amount
        - coalesce((select sum(r.amount) from shop.refunds r where r.payment_id = p.id and r.status = 'succeeded'), 0)
        - coalesce((
          select sum(d.amount) from shop.disputes d
          where d.payment_id = p.id and d.status in ('needs_response', 'under_review', 'lost')
        ), 0) as total
    ) b
    where p.updated_at >= now() - make_interval(days => days) and (l.total <> b.total or l.rest <> 0)
  );
end;
$$;
comment on function logic.ledger_differences is 'How many payments, changed in so many days, are otherwise in the ledger than payments, refunds and disputes say. None, or something is badly wrong.';
grant execute on function logic.ledger_differences to worker;
