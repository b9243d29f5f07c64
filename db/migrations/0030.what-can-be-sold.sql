-- In stock is what checkout would sell, so also what may be sold before it is there; and stock is taken by counting it.
-- depends: 0029.backorders

drop trigger product_variants_note_insert on shop.product_variants;
drop trigger product_variants_note_update on shop.product_variants;
drop trigger product_variants_note_delete on shop.product_variants;
drop trigger stock_note on shop.stock;
-- squawk-ignore ban-drop-function
drop function shop.note_variants();
-- squawk-ignore ban-drop-function
drop function shop.note_stock();
create function shop.note_variants() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := case tg_op when 'DELETE' then old.product_id else new.product_id end;
begin
  -- Locked first and looked at then: of two who sell the last of two variants, the second sees what the first did.
  perform from shop.products p where p.id = product for no key update;
  update shop.products p set
    -- Named, so that what it is found by is written anew.
    sku = p.sku,
    is_in_stock = exists (
      select from shop.product_variants v join shop.stock s on s.variant_id = v.id
      where v.product_id = p.id and v.is_active and (s.available > 0 or s.is_backorderable)
    ),
    options = array(
      select distinct a.key || ':' || a.value from shop.product_variants v, jsonb_each_text(v.attributes) a
      where v.product_id = p.id and v.is_active and not v.is_default order by 1
    ),
    option_pairs = array(
      select distinct format('%s:%s,%s:%s', a.key, a.value, b.key, b.value)
      from shop.product_variants v, jsonb_each_text(v.attributes) a, jsonb_each_text(v.attributes) b
      where v.product_id = p.id and v.is_active and not v.is_default
        and a.key < b.key collate "C" order by 1
    )
  where p.id = product;
  return null;
end;
$$;
create trigger product_variants_note_insert after insert on shop.product_variants
  for each row when (not new.is_default) execute function shop.note_variants();
create trigger product_variants_note_update after update of sku, attributes, is_active on shop.product_variants
  for each row execute function shop.note_variants();
create trigger product_variants_note_delete after delete on shop.product_variants
  for each row when (not old.is_default) execute function shop.note_variants();
comment on function shop.note_variants is
  'A product is found by the SKUs and options of its variants, and in stock with them.';
create function shop.note_stock() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := (select v.product_id from shop.product_variants v where v.id = new.variant_id);
begin
  -- As in note_variants; and not at all where nothing changes, since many buy one product at once.
  perform from shop.products p where p.id = product for no key update;
  update shop.products p set is_in_stock = not p.is_in_stock
  where p.id = product and p.is_in_stock <> exists (
    select from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active and (s.available > 0 or s.is_backorderable)
  );
  return null;
end;
$$;
create trigger stock_note after update on shop.stock
  for each row
  when ((old.available > 0 or old.is_backorderable) <> (new.available > 0 or new.is_backorderable))
  execute function shop.note_stock();
comment on function shop.note_stock is 'Keeps is_in_stock of the product when a variant sells out or comes back.';
alter table shop.products disable trigger products_touch;
update shop.products p set is_in_stock = true
where not p.is_in_stock and exists (
  select from shop.product_variants v join shop.stock s on s.variant_id = v.id
  where v.product_id = p.id and v.is_active and s.is_backorderable
);
alter table shop.products enable trigger products_touch;

alter table shop.stock_movements
  -- squawk-ignore ban-drop-constraint
  drop constraint stock_movements_reason_is_known,
  -- squawk-ignore constraint-missing-not-valid
  add constraint stock_movements_reason_is_known
    check (reason in ('initial', 'delivery', 'sale', 'return', 'correction', 'stock_take'));
