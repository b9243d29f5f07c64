-- Variants that are sold beyond what is there, where staff says so; and why stock was corrected.
-- depends: 0028.manual-capture

alter table shop.stock
  add column is_backorderable boolean not null default false,
  -- squawk-ignore ban-drop-constraint
  drop constraint stock_on_hand_not_negative,
  -- squawk-ignore ban-drop-constraint
  drop constraint stock_is_sufficient,
  -- squawk-ignore constraint-missing-not-valid
  add constraint stock_on_hand_not_negative check (on_hand >= 0 or is_backorderable),
  -- squawk-ignore constraint-missing-not-valid
  add constraint stock_is_sufficient check (reserved <= on_hand or is_backorderable);
-- Who may sell beyond what is there is no matter of the ledger.
drop trigger stock_guard on shop.stock;
create trigger stock_guard before insert or delete or update of variant_id, on_hand, reserved on shop.stock
  for each row execute function shop.guard_stock();
grant select (is_backorderable) on shop.stock to anon, customer;
grant update (is_backorderable) on shop.stock to staff;
create policy stock_update_staff on shop.stock for update to staff using (true) with check (true);
alter table shop.stock_movements
  add column note text not null default '',
  -- squawk-ignore constraint-missing-not-valid
  add constraint stock_movements_note_length check (length(note) <= 500);
grant insert (note) on shop.stock_movements to staff;
