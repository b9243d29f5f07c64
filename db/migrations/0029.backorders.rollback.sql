-- Undoes 0029.backorders; refused while something is sold beyond what is there.
-- depends: 0028.manual-capture

alter table shop.stock_movements drop constraint stock_movements_note_length, drop column note;
drop policy stock_update_staff on shop.stock;
drop trigger stock_guard on shop.stock;
create trigger stock_guard before insert or update or delete on shop.stock
  for each row execute function shop.guard_stock();
alter table shop.stock
  drop constraint stock_on_hand_not_negative,
  drop constraint stock_is_sufficient,
  drop column is_backorderable,
  add constraint stock_on_hand_not_negative check (on_hand >= 0),
  add constraint stock_is_sufficient check (reserved <= on_hand);
