-- Undoes 0021.option-pairs.
-- depends: 0023.review-authors-and-category-copies

drop trigger product_variants_note_insert on shop.product_variants;
drop trigger product_variants_note_update on shop.product_variants;
drop trigger product_variants_note_delete on shop.product_variants;
drop function shop.note_variants();
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
      where v.product_id = p.id and v.is_active and s.available > 0
    ),
    options = array(
      select distinct a.key || ':' || a.value from shop.product_variants v, jsonb_each_text(v.attributes) a
      where v.product_id = p.id and v.is_active and not v.is_default order by 1
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
comment on function shop.note_variants is 'A product is found by the SKUs and options of its variants, and in stock with them.';
drop index shop.products_option_pairs_idx;
alter table shop.products drop column option_pairs;
