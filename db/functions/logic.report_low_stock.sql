create function logic.report_low_stock() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  -- The day begins at six, so that people find the list when they begin.
  today constant date := ((now() at time zone 'UTC') - interval '6 hours')::date;
  told integer := 0;
begin
  insert into shop.job_slots (job, slot) values ('report_low_stock', today) on conflict do nothing;
  if found and (logic.low_stock() ->> 'count')::integer > 0 then
    told := logic.emit_to('{staff,admin}', 'stock.low', '{}');
  end if;
  return told;
end;
$$;
comment on function logic.report_low_stock is 'Once a day (UTC, from six) leaves mails about what runs low for everybody who sells; later calls of the day do nothing. Returns how many.';
grant execute on function logic.report_low_stock to worker;
