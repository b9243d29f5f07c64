create function logic.import_product(fields jsonb, correct_stock boolean) returns text
language plpgsql set search_path = '' as $$
declare
  known shop.products;
  wanted shop.products;
  is_new boolean;
  outcomes text[] := '{repeated}';
begin
  select p.* into known from shop.products p where lower(p.sku) = lower(fields ->> 'sku') for no key update;
  if known.deleted_at is not null then
    raise sqlstate '22023' using message = 'this product was deleted';
  end if;
  insert into pg_temp.imported_skus (sku) values (lower(fields ->> 'sku')) on conflict do nothing;
  if found then
    is_new := known.id is null;
    if is_new then
      if not fields ?& array['name', 'price'] then
        raise sqlstate '22023' using message = 'no product has this SKU yet, and a new one needs name and price';
      end if;
      known.id := gen_random_uuid();
      known.sku := fields ->> 'sku';
      known.slug := logic.product_slug(fields ->> 'name', known.sku);
      known.description := '';
      known.brand := '';
      known.meta_title := '';
      known.meta_description := '';
      known.low_stock_threshold := 5;
      known.is_featured := false;
      known.is_active := true;
    end if;
    -- What the file does not name stays; the spelling of a SKU that is there stays too.
    wanted := jsonb_populate_record(known, fields - array['sku', 'category', 'stock_quantity']);
    if fields ? 'category' then
      wanted.category_id := logic.import_category(fields ->> 'category');
    end if;
    if is_new then
      insert into shop.products (
        id, name, slug, description, category_id, brand, price, compare_price, cost_price, sku, is_featured, is_active,
        barcode, weight, length, width, height, meta_title, meta_description, low_stock_threshold, created_at
      )
      values (
        wanted.id, wanted.name, wanted.slug, wanted.description, wanted.category_id, wanted.brand, wanted.price,
        wanted.compare_price, wanted.cost_price, wanted.sku, wanted.is_featured, wanted.is_active, wanted.barcode,
        wanted.weight, wanted.length, wanted.width, wanted.height, wanted.meta_title, wanted.meta_description,
        -- Not now(): lists show products by their age, which is the order of the file also within a batch.
        wanted.low_stock_threshold, clock_timestamp()
      );
    elsif wanted is distinct from known then
      update shop.products p set
        name = wanted.name, slug = wanted.slug, description = wanted.description, category_id = wanted.category_id,
        brand = wanted.brand, price = wanted.price, compare_price = wanted.compare_price,
        cost_price = wanted.cost_price, is_featured = wanted.is_featured, is_active = wanted.is_active,
        barcode = wanted.barcode, weight = wanted.weight, length = wanted.length, width = wanted.width,
        height = wanted.height, meta_title = wanted.meta_title, meta_description = wanted.meta_description,
        low_stock_threshold = wanted.low_stock_threshold
      where p.id = known.id;
    end if;
    outcomes := array[case when is_new then 'created' when wanted is distinct from known then 'updated' else 'unchanged' end];
    if fields ? 'stock_quantity' and not fields ? 'variant_sku' and (is_new or correct_stock)
      and logic.import_stock(known.id, null, (fields ->> 'stock_quantity')::integer, is_new) then
      outcomes := outcomes || 'updated'::text;
    end if;
    known := wanted;
  end if;
  if fields ? 'variant_sku' then
    outcomes := outcomes || logic.import_variant(known, fields, correct_stock);
  end if;
  if fields ? 'image' then
    outcomes := outcomes || logic.import_image(known.id, fields);
  end if;
  return (select o from unnest(outcomes) o order by array_position('{created,updated,unchanged,repeated}', o) limit 1);
end;
$$;
comment on function logic.import_product is
  'Creates or updates one product by its SKU, whatever the case, and the variant and the picture that its line has. What the first line of a SKU says of the product counts; later ones of the same run bring variants and pictures, or are repeated. Stock is given to what is new, and to others only with correct_stock.';
