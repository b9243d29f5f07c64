-- Undoes 0025.ledger.
-- depends: 0024.option-pairs

drop index shop.payment_events_deferred_idx;
update shop.payment_events set outcome = 'quarantined' where outcome = 'deferred';
alter table shop.payment_events
  drop constraint payment_events_outcome_is_known,
  add constraint payment_events_outcome_is_known check (outcome in ('applied', 'ignored', 'quarantined'));
drop trigger refunds_post on shop.refunds;
drop trigger payments_post on shop.payments;
drop table shop.ledger_entries;
drop table shop.disputes;
drop function shop.flag_disputed_order();
drop function shop.check_posting();
drop function shop.post_money();
drop function shop.post_entries(uuid, numeric, text, text);
alter table shop.orders drop column is_disputed;
