-- Up Migration

-- Ours: the best levels of a book. An order that was filled in part is as open as one that was not.
CREATE INDEX idx_ordres_economie_ouverts ON ordres_economie (item_id, type_ordre, prix_unitaire) INCLUDE (quantite_restante)
  WHERE statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE');
