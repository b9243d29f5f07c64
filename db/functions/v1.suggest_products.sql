create function v1.suggest_products(q text default '') returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(json_agg(json_build_object('kind', s.kind, 'label', s.label, 'slug', s.slug)), '[]')
    from api.suggest_products(q) s
  );
end;
$$;
comment on function v1.suggest_products is $$Suggestions while somebody types
At most 10 as {kind, label, slug}: categories, then products, whose words begin with those of q; typing errors are forgiven.$$;
grant execute on function v1.suggest_products to anon, customer;
