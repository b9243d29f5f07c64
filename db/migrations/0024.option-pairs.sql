-- Who asks for two options of one variant finds its products by an index: every two options of a variant as one text.
-- Alone, each may be had by half of the shop, and to look at the variants of all of these took 60,000 buffers.
-- depends: 0023.review-authors-and-category-copies

alter table shop.products add column option_pairs text[] not null default '{}';
comment on column shop.products.option_pairs is
  'Every two options of an active variant as name:value,name:value, by name: what one and the same variant has.';

drop trigger product_variants_note_insert on shop.product_variants;
drop trigger product_variants_note_update on shop.product_variants;
drop trigger product_variants_note_delete on shop.product_variants;
-- squawk-ignore ban-drop-function
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

alter table shop.products disable trigger products_touch;
update shop.products p set option_pairs = n.pairs
from (
  select v.product_id, array_agg(distinct format('%s:%s,%s:%s', a.key, a.value, b.key, b.value)) as pairs
  from shop.product_variants v, jsonb_each_text(v.attributes) a, jsonb_each_text(v.attributes) b
  where v.is_active and not v.is_default and a.key < b.key collate "C"
  group by v.product_id
) n
where n.product_id = p.id;
alter table shop.products enable trigger products_touch;
-- squawk-ignore require-concurrent-index-creation
create index products_option_pairs_idx on shop.products using gin (option_pairs);
